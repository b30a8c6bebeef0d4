(** * C-VF: vector-field dynamics

    The generalisation of the paper to dynamics that do not derive from a primitive function:
    [F] is any vector field, its Jacobian [J] need not be symmetric, and the rule is
    [theta' = theta + (eta/beta) H (s' - s)] with [H = (dF/dtheta)^T].  Write [g] for the loss
    gradient at rest; BPTT has [nabla_s(t) = (J^T)^t g] and [nabla_theta(t) = H nabla_s(t)], while the second phase
    iterates [J] itself.

    - [vf_iterated_limit], [vf_joint_limit]: the updates tend to
      [- nabla_s(t) - bias] and [- nabla_theta(t) - H bias] with [bias = J^t g - (J^T)^t g], in the
      paper's order of limits and along every filter with eta/beta -> 0;
      [vf_limit_at_fixed_kappa] is the limit when eta/beta -> kappa.
    - [vf_bias_bound]: [|bias| <= t |J - J^T| max(|J|, 1)^(t-1) |g|]; in a Hilbert norm [|J^T| <= |J|]
      ([transpose_bound] in [Hilbert.v]).
    - [vf_bias_symmetric], [vf_unbiased_iff_symmetric]: no bias when [J] is symmetric, and only then
      if it is to vanish for every loss.
    - [vf_bias_example]: a network whose bias does not vanish.

    Idea.  The limits are those of [LinearResponse.v], which never used the symmetry of [J].  The bound
    telescopes: [J^(t+1) - K^(t+1) = J (J^t - K^t) + (J - K) K^t], here with [K = J^T]. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
Set Implicit Arguments.
Open Scope R_scope.

(** The bias of the state update at step [t]. *)
Definition vf_bias {V : NM} (J Jt : V -> V) (t : nat) (g : V) : V := minus (iterate J t g) (iterate Jt t g).

(** ** Its size *)
Section BiasBound.
Variable V : NM.
Variables (J Jt : V -> V) (nJ delta : R).
Hypothesis J_linear : is_linear J.
Hypothesis J_bound : forall x, norm (J x) <= nJ * norm x.
Hypothesis Jt_bound : forall x, norm (Jt x) <= nJ * norm x.
Hypothesis asymmetry : forall x, norm (minus (J x) (Jt x)) <= delta * norm x.
Hypothesis nJ_pos : 0 <= nJ.
Hypothesis delta_pos : 0 <= delta.

Lemma iterate_bound t g : norm (iterate Jt t g) <= nJ ^ t * norm g.
Proof.
induction t as [|t IH]; simpl. lra. eapply Rle_trans. apply Jt_bound.
rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.
(** With the power of the norm itself, which is sharper for a contraction. *)
Theorem vf_bias_bound_sharp t g : norm (vf_bias J Jt t g) <= INR t * delta * nJ ^ (t - 1) * norm g.
Proof.
induction t as [|t IH].
- unfold vf_bias. simpl. assert (E : minus g g = zero) by module V. rewrite E, norm_zero. lra.
- assert (E : vf_bias J Jt (S t) g = plus (J (vf_bias J Jt t g)) (minus (J (iterate Jt t g)) (Jt (iterate Jt t g)))).
  { unfold vf_bias. simpl.
    assert (E1 : J (minus (iterate J t g) (iterate Jt t g)) = minus (J (iterate J t g)) (J (iterate Jt t g))) by exact (linear_minus J _ _ J_linear).
    rewrite E1. module V. }
  rewrite E, S_INR. replace (S t - 1)%nat with t by lia.
  eapply Rle_trans. apply norm_triangle.
  replace ((INR t + 1) * delta * nJ ^ t * norm g) with (INR t * delta * nJ ^ t * norm g + delta * (nJ ^ t * norm g)) by ring.
  apply Rplus_le_compat.
  + eapply Rle_trans. apply J_bound. apply Rle_trans with (nJ * (INR t * delta * nJ ^ (t - 1) * norm g)). now apply Rmult_le_compat_l.
    destruct t as [|t]. simpl. lra. replace (S t - 1)%nat with t by lia. right. simpl pow. ring.
  + eapply Rle_trans. apply asymmetry. apply Rmult_le_compat_l; auto. apply iterate_bound.
Qed.
Theorem vf_bias_bound t g : norm (vf_bias J Jt t g) <= INR t * delta * Rmax nJ 1 ^ (t - 1) * norm g.
Proof.
eapply Rle_trans. apply vf_bias_bound_sharp. apply Rmult_le_compat_r. apply norm_ge_0.
apply Rmult_le_compat_l. apply Rmult_le_pos; auto. apply pos_INR. apply pow_incr. split; auto. apply Rmax_l.
Qed.
End BiasBound.

(** ** When it vanishes *)
Theorem vf_bias_symmetric (V : NM) (J Jt : V -> V) : (forall x, J x = Jt x) -> forall t g, vf_bias J Jt t g = zero.
Proof. intros H t g. unfold vf_bias. rewrite (iterate_ext J Jt t g H). module V. Qed.
Theorem vf_unbiased_iff_symmetric (V : NM) (J Jt : V -> V) :
  (forall t g, vf_bias J Jt t g = zero) <-> (forall x, J x = Jt x).
Proof.
split. 2: apply vf_bias_symmetric.
intros H x. assert (E := H 1%nat x). unfold vf_bias in E. simpl in E.
apply plus_reg_r with (opp (Jt x)). rewrite plus_opp_r. exact E.
Qed.

(** ** The limits *)
Section CVF.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
(** [Jt] is the transpose of the Jacobian; [H z] is the transpose of [dF/dtheta] at [z], continuous at rest. *)
Variables (J Jt : State -> State) (B : Param -> State) (H : State * Param -> State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis H_linear : is_linear (H (s_star, theta)).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis J_transpose : forall x y, ipS (J x) y = ipS x (Jt y).
Hypothesis B_transpose : forall v y, ipS (B v) y = ipT v (H (s_star, theta) y).
Hypothesis H_cont : forall eps : posreal, locally ((s_star, theta) : Z) (fun z => forall w, norm (minus (H z w) (H (s_star, theta) w)) <= eps * norm w).
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.

Local Notation g := (grad_ell s_star).
Local Notation H0 := (H (s_star, theta)).
Local Notation vf_Delta_s := (Delta_s F grad_ell (vf_rule H) s_star theta).
Local Notation vf_Delta_theta := (Delta_theta F grad_ell (vf_rule H) s_star theta).
Local Notation rule_diff := (@vf_rule_diff State Param s_star theta H H_linear H_cont).

Lemma vf_rule_at_rest : vf_rule H ((s_star, theta), s_star) = zero.
Proof.
unfold vf_rule; simpl. assert (E : minus s_star s_star = zero) by module State. rewrite E. exact (linear_zero _ H_linear).
Qed.
Lemma H_opp y : H0 (opp y) = opp (H0 y).
Proof. exact (linear_opp _ y H_linear). Qed.

(** eta/beta -> kappa: the modified Jacobian [J + kappa B B^T], as for C-EP. *)
Theorem vf_limit_at_fixed_kappa {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) (kappa : R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (kappa:R)) -> forall t,
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp (iterate (modified_jacobian J B H0 kappa) t g))) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp (H0 (iterate (modified_jacobian J B H0 kappa) t g)))).
Proof.
intros Hb Hb0 He0 Hk t.
destruct (@Delta_limit_closed State Param F grad_ell (vf_rule H) s_star theta J B H0 J_linear B_linear H_linear settled vf_rule_at_rest F_diff
  rule_diff grad_ell_cont T FF HF beta eta kappa Hb Hb0 Hk t) as [L1 [_ L3]].
split. exact L1. rewrite <- H_opp. exact (L3 He0).
Qed.

Section Bias.
Variables (t : nat) (g_s : State) (g_th : Param).
Hypothesis bptt_s : is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s.
Hypothesis bptt_theta : is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th.
Let bias := vf_bias J Jt t g.

Lemma nabla_iterate s : nabla_s s Jt t = iterate Jt t s.
Proof. clear. induction t; simpl; congruence. Qed.
Lemma vf_nabla_s : g_s = iterate Jt t g.
Proof.
rewrite <- nabla_iterate. apply (gradient_unique HS bptt_s).
exact (@bptt_gradient_state State Param ipS HS F ell g s_star theta J B settled F_diff ell_grad B_linear Jt J_transpose t).
Qed.
Lemma vf_nabla_theta : g_th = H0 (iterate Jt t g).
Proof.
rewrite <- nabla_iterate. apply (gradient_unique HT bptt_theta).
exact (@bptt_gradient_param State Param ipS ipT HS HT F ell g s_star theta J B settled F_diff ell_grad J_linear B_linear Jt H0 J_transpose B_transpose t).
Qed.
Lemma biased_s : opp (iterate J t g) = opp (plus g_s bias).
Proof. rewrite vf_nabla_s. unfold bias, vf_bias. module State. Qed.
Lemma biased_theta : opp (H0 (iterate J t g)) = opp (plus g_th (H0 bias)).
Proof.
rewrite vf_nabla_theta. unfold bias, vf_bias.
assert (E : H0 (minus (iterate J t g) (iterate Jt t g)) = minus (H0 (iterate J t g)) (H0 (iterate Jt t g))) by exact (linear_minus _ _ _ H_linear).
rewrite E. module Param.
Qed.

(** Along every filter with beta -> 0 and eta/beta -> 0. *)
Theorem vf_joint_limit {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (0:R)) ->
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp (plus g_s bias))) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp (plus g_th (H0 bias)))).
Proof.
intros Hb Hb0 He0 Hk. destruct (@vf_limit_at_fixed_kappa T FF HF beta eta 0 Hb Hb0 He0 Hk t) as [L1 L2].
assert (E : iterate (modified_jacobian J B H0 0) t g = iterate J t g) by (apply iterate_ext; apply modified_jacobian_0).
rewrite E, biased_s in L1. rewrite E, biased_theta in L2. auto.
Qed.

(** In the paper's order: eta -> 0 first, beta -> 0 after. *)
Theorem vf_iterated_limit :
  locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z) ->
  locally s_star (fun s => continuous grad_ell s) ->
  locally (((s_star, theta), s_star) : ZS) (fun p => continuous (vf_rule H : ZS -> Param) p) ->
  iterated_limit (fun beta eta => vf_Delta_s beta eta t) (opp (plus g_s bias)) /\
  iterated_limit (fun beta eta => vf_Delta_theta beta eta t) (opp (plus g_th (H0 bias))).
Proof.
intros cF cg cH.
destruct (@nudged_phase_iterated_limit State Param F grad_ell (vf_rule H) s_star theta J B H0 J_linear B_linear H_linear settled vf_rule_at_rest F_diff
  rule_diff grad_ell_cont cF cg cH t) as [L1 L2].
rewrite biased_s in L1. rewrite H_opp, biased_theta in L2. auto.
Qed.

(** With a symmetric Jacobian, C-VF computes minus the gradients, like C-EP. *)
Theorem vf_joint_limit_symmetric {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) :
  (forall x y, ipS (J x) y = ipS x (J y)) ->
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (0:R)) ->
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp g_s)) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp g_th)).
Proof.
intros Hsym Hb Hb0 He0 Hk. destruct (@vf_joint_limit T FF HF beta eta Hb Hb0 He0 Hk) as [L1 L2].
assert (E : bias = zero).
{ apply vf_bias_symmetric. intros x. apply (ip_ext HS). intros y.
  now rewrite Hsym, (ip_sym HS x), J_transpose, (ip_sym HS y). }
assert (E1 : H0 zero = zero) by exact (linear_zero _ H_linear).
rewrite E, plus_zero_r in L1. rewrite E, E1, plus_zero_r in L2. auto.
Qed.

(** The distance between the limit of the update of the parameters and minus the gradient. *)
Theorem vf_bias_bound_param (nJ nH delta : R) : 0 <= nJ -> 0 <= nH -> 0 <= delta ->
  (forall x, norm (J x) <= nJ * norm x) -> (forall x, norm (Jt x) <= nJ * norm x) ->
  (forall x, norm (minus (J x) (Jt x)) <= delta * norm x) -> (forall x, norm (H0 x) <= nH * norm x) ->
  norm (H0 bias) <= nH * (INR t * delta * Rmax nJ 1 ^ (t - 1) * norm g).
Proof.
intros P1 P2 P3 B1 B2 B3 B4. eapply Rle_trans. apply B4. apply Rmult_le_compat_l; auto.
exact (@vf_bias_bound State J Jt nJ delta J_linear B1 B2 B3 P1 P3 t g).
Qed.
End Bias.
End CVF.

(** ** A network whose bias does not vanish

    Two neurons in a chain, [s_1 <- theta] and [s_2 <- s_1 / 2], with the loss [s_2^2 / 2] and no connection
    back: the loss gradient at [t = 1] must travel from [s_2] to [s_1], which only the transposed
    Jacobian does.  BPTT has [nabla_theta(1) = 1/2]; the update is 0 in the limit.  The bound on the bias is
    attained here: [1 * (1/2) * 1]. *)
Section VFExample.
Let R1 := R_NormedModule.
Let S2 := prod_NormedModule R_AbsRing R1 R1.
Let mul (x y : R) := x * y.
Let ip2 := @product_inner R1 R1 mul mul.
Let J (s : S2) : S2 := (0, fst s / 2).          (* not symmetric *)
Let Jt (s : S2) : S2 := (snd s / 2, 0).
Let B (v : R1) : S2 := (v, 0).
Let F (z : S2 * R1) : S2 := (snd z, fst (fst z) / 2).
Let H (z : S2 * R1) (w : S2) : R1 := fst w.       (* = (dF/dtheta)^T, constant *)
Let ell (s : S2) : R := snd s * snd s / 2.
Let grad_ell (s : S2) : S2 := (0, snd s).

Lemma is_lin_half : is_linear (U := R1) (V := R1) (fun x : R => x / 2).
Proof.
split.
- intros x y. change ((x + y) / 2 = x / 2 + y / 2). field.
- intros k x. change (k * x / 2 = k * (x / 2)). field.
- exists 1. split. lra. intros x. change (Rabs (x / 2) <= 1 * Rabs x). unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos x); lra.
Qed.
Lemma vA : is_linear J.
Proof.
apply (@is_linear_prod R_AbsRing S2 R1 R1 (fun _ => zero) (fun s => fst s / 2)). apply is_linear_zero.
apply (@is_linear_comp R_AbsRing S2 R1 R1 (fun s => fst s) (fun x : R => x / 2)). apply is_linear_fst. apply is_lin_half.
Qed.
Lemma vB : is_linear B.
Proof. apply (@is_linear_prod R_AbsRing R1 R1 R1 (fun v => v) (fun _ => zero)). apply is_linear_id. apply is_linear_zero. Qed.

Theorem vf_bias_example : exists g_th : R, g_th = 1 / 2 /\
  is_gradient R1 mul (fun th => ell (free_phase (State:=S2) (Param:=R1) F 2 1 (F ((2, 1), th)))) 2 g_th /\
  filterlim (fun beta : R => Delta_theta (State:=S2) (Param:=R1) F grad_ell (vf_rule (State:=S2) (Param:=R1) H) (2, 1) 2 beta (beta * beta) 1)
    (locally' (0:R)) (locally (0:R)).
Proof.
assert (HF : is_inner_product S2 ip2) by exact (is_inner_product_prod is_inner_product_R is_inner_product_R).
assert (fx : F ((2, 1), 2) = (2, 1)) by (unfold F; simpl; f_equal; lra).
assert (F_diff : filterdiff (U := prod_NormedModule R_AbsRing S2 R1) (V := S2) F (locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1)) (fun h => plus (J (fst h)) (B (snd h)))).
{ apply (@filterdiff_ext R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 _ _ (fun h => plus (J (fst h)) (B (snd h)))).
  intros [[x y] th]. unfold F, J, B; simpl. apply injective_projections; simpl.
  change (0 + th = th). ring. change (x / 2 + 0 = x / 2). ring.
  apply filterdiff_linear.
  assert (L1 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 S2 _ _ (@is_linear_fst R_AbsRing S2 R1) vA).
  assert (L2 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) R1 S2 _ _ (@is_linear_snd R_AbsRing S2 R1) vB).
  exact (@is_linear_comp R_AbsRing _ _ S2 _ _ (@is_linear_prod R_AbsRing _ S2 S2 _ _ L1 L2) (@is_linear_plus R_AbsRing S2)). }
assert (adjA : forall x y, ip2 (J x) y = ip2 x (Jt y)).
{ intros [a c] [a' c']. unfold ip2, product_inner, mul, J, Jt; simpl. field. }
assert (adjB : forall v y, ip2 (B v) y = mul v (H ((2, 1), 2) y)).
{ intros v [a' c']. unfold ip2, product_inner, mul, B, H; simpl. ring. }
assert (ell_grad : is_gradient S2 ip2 ell (2, 1) (grad_ell (2, 1))).
{ apply quadratic_remainder_diff. apply (ip_is_linear _ HF).
  exists 1. split. lra. apply filter_forall. intros p. set (q := minus p ((2, 1) : S2)).
  assert (N := norm_snd q).
  assert (E : minus (minus (ell p) (ell (2, 1))) (ip2 (grad_ell (2, 1)) q) = snd q * snd q / 2).
  { destruct p as [a c]. unfold q. change (c * c / 2 + - (1 * 1 / 2) + - (0 * (a + - 2) + 1 * (c + - 1)) = (c + - 1) * (c + - 1) / 2). field. }
  eapply Rle_trans. right; apply f_equal; exact E.
  set (nq := @norm R_AbsRing S2 q). set (y := snd q : R).
  assert (N' : Rabs y <= nq) by exact N.
  change (Rabs (y * y / 2) <= 1 * (nq * nq)).
  unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos y). nra. }
assert (grad_ell_cont : continuous grad_ell (2, 1)).
{ apply (@flim_pair S2 (locally ((2, 1) : S2)) _ R1 R1 (fun _ => 0) (fun s => snd s) 0 1). apply filterlim_const.
  apply (@linear_cont R_AbsRing S2 R1 (fun s => snd s) (2, 1)). apply is_linear_snd. }
assert (He0 : locally' (0:R) (fun x : R => x * x <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros x Hx Q. apply Hx. nra. }
assert (Hk : filterlim (fun x : R => x * x / x) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|exact id_to0']. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros x Hx. simpl. field; auto. }
assert (grad := @bptt_gradient_param S2 R1 ip2 mul HF is_inner_product_R F ell (grad_ell (2, 1)) (2, 1) 2 J B fx F_diff ell_grad vA vB Jt (H ((2, 1), 2)) adjA adjB 1).
assert (cH : forall eps : posreal, locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1) (fun z => forall w, norm (minus (H z w) (H ((2, 1), 2) w)) <= eps * norm w)).
{ intros eps. apply filter_forall. intros z w.
  assert (E : minus (H z w) (H ((2, 1), 2) w) = zero) by apply (plus_opp_r (H z w)).
  eapply Rle_trans. right; apply f_equal; exact E. eapply Rle_trans. right; apply norm_zero.
  apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (gradS := @bptt_gradient_state S2 R1 ip2 HF F ell (grad_ell (2, 1)) (2, 1) 2 J B fx F_diff ell_grad vB Jt adjA 1).
assert (X := proj2 (@vf_joint_limit S2 R1 ip2 mul HF is_inner_product_R F ell grad_ell (2, 1) 2 J Jt B H vA vB (@is_linear_fst R_AbsRing R1 R1) F_diff adjA adjB cH ell_grad grad_ell_cont fx
   1 _ _ gradS grad R (locally' (0:R)) _ (fun x => x) (fun x => x * x) id_to0' ne0' He0 Hk)).
exists (nabla_theta (State:=S2) (Param:=R1) (grad_ell (2, 1)) Jt (H ((2, 1), 2)) 1).
split. { unfold nabla_theta, nabla_s, Jt, H, grad_ell; simpl. lra. }
split. exact grad.
match type of X with filterlim _ _ (locally ?x) => assert (E : x = 0) end.
{ change (- (1 / 2 + (0 + - (1 / 2))) = 0). lra. }
rewrite E in X. exact X.
Qed.

(** The bound is attained: [|J - J^T| = 1/2], [|g| = 1] and [|bias| = 1/2] at [t = 1]. *)
Lemma S2_norm (x y : R) : @norm R_AbsRing S2 (x, y) = sqrt (x * x + y * y).
Proof.
unfold norm; simpl. unfold prod_norm; simpl. unfold norm; simpl. unfold abs; simpl.
f_equal. generalize (Rsqr_abs x) (Rsqr_abs y). unfold Rsqr. intros Hx Hy. rewrite !Rmult_1_r, <- Hx, <- Hy. reflexivity.
Qed.
Theorem vf_bias_bound_attained :
  (forall x : S2, @norm R_AbsRing S2 (minus (J x) (Jt x)) <= / 2 * @norm R_AbsRing S2 x) /\
  @norm R_AbsRing S2 (vf_bias J Jt 1 ((0, 1) : S2)) = INR 1 * / 2 * Rmax 1 1 ^ (1 - 1) * @norm R_AbsRing S2 ((0, 1) : S2).
Proof.
split.
- intros [x y]. change (minus (J (x, y)) (Jt (x, y))) with ((0 + - (y / 2), x / 2 + - 0) : S2).
  rewrite !S2_norm. right.
  replace ((0 + - (y / 2)) * (0 + - (y / 2)) + (x / 2 + - 0) * (x / 2 + - 0)) with ((/ 2) ^ 2 * (x * x + y * y)) by field.
  rewrite sqrt_mult. rewrite sqrt_pow2; lra. apply pow2_ge_0. nra.
- unfold vf_bias. change (minus (iterate J 1 (0, 1)) (iterate Jt 1 (0, 1))) with ((0 + - (1 / 2), 0 / 2 + - 0) : S2).
  rewrite !S2_norm.
  replace ((0 + - (1 / 2)) * (0 + - (1 / 2)) + (0 / 2 + - 0) * (0 / 2 + - 0)) with ((/ 2) ^ 2) by field.
  replace (0 * 0 + 1 * 1) with (1 ^ 2) by ring. rewrite !sqrt_pow2 by lra. simpl. lra.
Qed.
End VFExample.
