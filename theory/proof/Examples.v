From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Theorem1 JointLimit OrderOfLimits.
Set Implicit Arguments.
Open Scope R_scope.

(* =============== non-vacuity: a scalar network =============== *)
Section Example.
Let Z := prod_NormedModule R_AbsRing R_NormedModule R_NormedModule.
Let Phi (z : R * R) : R := fst z * fst z / 4 + snd z * fst z.
Let F (z : R * R) : R := fst z / 2 + snd z.
Let Phi_theta (z : R * R) : R := fst z.
Let ell (s : R) : R := s * s / 2.
Let grad_ell (s : R) : R := s.
Let mul (x y : R) := x * y.

Lemma ex_Phi z : is_gradient Z (@product_inner R_NormedModule R_NormedModule mul mul) Phi z (F z, Phi_theta z).
Proof.
apply quadratic_remainder_diff.
- apply ip_is_linear. apply (is_inner_product_prod is_inner_product_R is_inner_product_R).
- exists 2. split. lra. apply filter_forall. intros p.
  set (q := minus p z : Z).
  assert (H1 : Rabs (fst q) <= norm q) by exact (norm_fst q). assert (H2 : Rabs (snd q) <= norm q) by exact (norm_snd q).
  assert (E : minus (minus (Phi p) (Phi z)) (@product_inner R_NormedModule R_NormedModule mul mul (F z, Phi_theta z) q) = fst q * fst q / 4 + snd q * fst q).
  { unfold q, Phi, F, Phi_theta, product_inner, mul, minus, plus, opp; simpl. unfold plus, opp; simpl. field. }
  eapply Rle_trans. right; apply f_equal; exact E.
  change (Rabs (fst q * fst q / 4 + snd q * fst q) <= 2 * (norm q * norm q)).
  assert (P1 := Rabs_pos (fst q)). assert (P2 := Rabs_pos (snd q)).
  eapply Rle_trans. apply Rabs_triang. unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 4)) by lra. nra.
Qed.
Lemma lin_Z (a c : R) : is_linear (U := Z) (V := R_NormedModule) (fun z => a * fst z + c * snd z).
Proof.
split.
- intros x y. unfold plus; simpl. unfold plus; simpl. ring.
- intros k x. unfold scal; simpl. unfold scal; simpl. unfold mult; simpl. ring.
- exists (Rabs a + Rabs c + 1). split. generalize (Rabs_pos a) (Rabs_pos c); lra.
  intros q. change (Rabs (a * fst q + c * snd q) <= (Rabs a + Rabs c + 1) * norm q).
  assert (H1 : Rabs (fst q) <= norm q) by exact (norm_fst q). assert (H2 : Rabs (snd q) <= norm q) by exact (norm_snd q).
  assert (P1 := Rabs_pos (fst q)). assert (P2 := Rabs_pos (snd q)).
  eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult. generalize (Rabs_pos a) (Rabs_pos c). nra.
Qed.
Lemma ex_dF (z : Z) : filterdiff (U := Z) (V := R_NormedModule) F (locally z) (fun q => / 2 * fst q + 1 * snd q).
Proof.
apply filterdiff_ext with (fun q : Z => / 2 * fst q + 1 * snd q). intros q. unfold F. simpl. field.
apply filterdiff_linear. apply lin_Z.
Qed.
Lemma ex_dG (z : Z) : filterdiff (U := Z) (V := R_NormedModule) Phi_theta (locally z) (fun q => 1 * fst q + 0 * snd q).
Proof.
apply filterdiff_ext with (fun q : Z => 1 * fst q + 0 * snd q). intros q. unfold Phi_theta. change (1 * fst q + 0 * snd q = fst q :> R). ring.
apply filterdiff_linear. apply lin_Z.
Qed.
Lemma ex_ell (s : R) : is_gradient R_NormedModule mul ell s (grad_ell s).
Proof.
apply (@quadratic_remainder_diff R_NormedModule R_NormedModule).
- apply ip_is_linear. exact is_inner_product_R.
- exists 1. split. lra. apply filter_forall. intros p.
  change (Rabs (p * p / 2 + - (s * s / 2) + - (s * (p + - s))) <= 1 * (Rabs (p + - s) * Rabs (p + - s))).
  replace (p * p / 2 + - (s * s / 2) + - (s * (p + - s))) with ((p + - s) * (p + - s) / 2) by field.
  unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos (p + - s)). nra.
Qed.
(* s* = 1, theta = 1/2 ; BPTT gradients exist; every hypothesis of Theorem 1 holds *)
Lemma ex_thm1 (t : nat) : exists g_s g_th : R,
  is_gradient R_NormedModule mul (fun s => ell (free_phase (State:=R_NormedModule) (Param:=R_NormedModule) F (1/2) t s)) 1 g_s /\
  is_gradient R_NormedModule mul (fun th => ell (free_phase (State:=R_NormedModule) (Param:=R_NormedModule) F (1/2) t (F (1, th)))) (1/2) g_th /\
  iterated_limit (V := R_NormedModule) (fun beta eta => Delta_s (State:=R_NormedModule) (Param:=R_NormedModule) F grad_ell (ep_rule (State:=R_NormedModule) (Param:=R_NormedModule) Phi_theta) 1 (1/2) beta eta t) (- g_s) /\
  iterated_limit (V := R_NormedModule) (fun beta eta => Delta_theta (State:=R_NormedModule) (Param:=R_NormedModule) F grad_ell (ep_rule (State:=R_NormedModule) (Param:=R_NormedModule) Phi_theta) 1 (1/2) beta eta t) (- g_th).
Proof.
assert (fx : F (1, 1/2) = 1) by (unfold F; simpl; field).
destruct (@bptt_gradients R_NormedModule R_NormedModule mul mul is_inner_product_R is_inner_product_R Phi F Phi_theta ell grad_ell 1 (1/2)
  (filter_forall _ ex_Phi) _ _ (ex_dF (1,1/2)) (ex_dG (1,1/2)) (ex_ell 1) fx t) as [G1 G2].
do 2 eexists. split. exact G1. split. exact G2.
apply (@cep_theorem1 R_NormedModule R_NormedModule mul mul is_inner_product_R is_inner_product_R Phi F Phi_theta ell grad_ell 1 (1/2)
  (filter_forall _ ex_Phi) _ _ (ex_dF (1,1/2)) (ex_dG (1,1/2)) (ex_ell 1)); auto.
apply filterlim_id.
apply filter_forall. intros z. apply (@filterdiff_continuous R_AbsRing Z R_NormedModule). eexists; apply ex_dF.
apply filter_forall. intros z. apply (@filterdiff_continuous R_AbsRing Z R_NormedModule). eexists; apply ex_dG.
apply filter_forall. intros z. apply filterlim_id.
Qed.
(* with eta = beta the theorem is FALSE at t = 1 in this network *)
Lemma ex_wrong : exists g_1 : R,
  is_gradient R_NormedModule mul (fun s => ell (F (s, 1/2))) 1 g_1 /\
  ~ filterlim (fun beta : R => Delta_s (State:=R_NormedModule) (Param:=R_NormedModule) F grad_ell (ep_rule (State:=R_NormedModule) (Param:=R_NormedModule) Phi_theta) 1 (1/2) beta beta 1) (locally' (0:R)) (locally (- g_1 : R)).
Proof.
assert (fx : F (1, 1/2) = 1) by (unfold F; simpl; field).
destruct (@bptt_gradients R_NormedModule R_NormedModule mul mul is_inner_product_R is_inner_product_R Phi F Phi_theta ell grad_ell 1 (1/2)
  (filter_forall _ ex_Phi) _ _ (ex_dF (1,1/2)) (ex_dG (1,1/2)) (ex_ell 1) fx 1) as [G1 _].
destruct (@bptt_gradients R_NormedModule R_NormedModule mul mul is_inner_product_R is_inner_product_R Phi F Phi_theta ell grad_ell 1 (1/2)
  (filter_forall _ ex_Phi) _ _ (ex_dF (1,1/2)) (ex_dG (1,1/2)) (ex_ell 1) fx 0) as [_ G2].
eexists. split. exact G1.
intros L.
assert (X := proj1 (@cep_order_of_limits R_NormedModule R_NormedModule mul mul is_inner_product_R is_inner_product_R Phi F Phi_theta ell grad_ell 1 (1/2) _ _
  (filter_forall _ ex_Phi) (ex_dF (1,1/2)) (ex_dG (1,1/2)) (ex_ell 1) (filterlim_id _ _) fx _ _ G1 G2
   ltac:(unfold dPhi_theta_ds, grad_ell; simpl; unfold zero; simpl; lra) R (locally' (0:R)) _ (fun x => x) (fun x => x) id_to0' ne0' id_to0' ne0') L).
assert (Y : filterlim (fun _ : R => 1) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|exact X]. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros x Hx. simpl. field; auto. }
assert (E : (1:R) = 0).
{ apply (@filterlim_locally_unique R R_AbsRing R_NormedModule (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) (fun _ => 1) 1 0).
  apply filterlim_const. exact Y. }
lra.
Qed.
End Example.
