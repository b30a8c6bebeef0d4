(** * Each hypothesis is needed

    For every hypothesis that could be dropped by mistake, and for the order of limits, a
    concrete network on which the theorem without it is false.  A statement about a whole
    class of networks is refuted as a whole: each theorem here reads [~ (forall N, ...)]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Statements Examples.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** A limit is one value *)

Lemma punctured_limit_unique (V : NM) (f : R -> V) (x y : V) :
  filterlim f (locally' (0:R)) (locally x) -> filterlim f (locally' (0:R)) (locally y) -> x = y.
Proof.
exact (@filterlim_locally_unique R R_AbsRing V (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) f x y).
Qed.

Lemma iterated_limit_unique (V : NM) (D : R -> R -> V) (x y : V) :
  iterated_limit D x -> iterated_limit D y -> x = y.
Proof.
intros [D1 [H1 L1]] [D2 [H2 L2]]. apply (@punctured_limit_unique V D1); auto.
eapply filterlim_ext_loc; [|exact L2].
refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ H1 H2)). intros b [A B].
symmetry. exact (punctured_limit_unique A B).
Qed.

(** An iterated limit depends on the values at [beta <> 0] and [eta <> 0] only. *)
Lemma iterated_limit_ext (V : NM) (D D' : R -> R -> V) (x : V) :
  (forall beta eta, beta <> 0 -> eta <> 0 -> D beta eta = D' beta eta) ->
  iterated_limit D x -> iterated_limit D' x.
Proof.
intros E [D0 [H L]]. exists D0. split; auto.
refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ ne0' H)). intros b [Hb Hl].
eapply filterlim_ext_loc; [|exact Hl].
refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros e He. now apply E.
Qed.

(** The limit of a function that is continuous in [eta] and then in [beta]. *)
Lemma iterated_limit_continuous (D : R -> R -> R) (D0 : R -> R) :
  (forall beta, beta <> 0 -> D beta 0 = D0 beta /\ continuous (U := R_UniformSpace) (D beta) 0) ->
  continuous (U := R_UniformSpace) D0 0 -> iterated_limit (V := R1) D (D0 0).
Proof.
intros H H0. exists D0. split.
- refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. destruct (H b Hb) as [E C].
  apply flim_to'. rewrite <- E. exact C.
- apply (@flim_to' R_UniformSpace). exact H0.
Qed.

(** A function that is not bounded near 0 has no limit there. *)
Lemma no_limit_of_inverse (c d : R) (f : R -> R) (x : R) : c <> 0 ->
  locally' (0:R) (fun b : R => f b = c / b + d) -> ~ filterlim f (locally' (0:R)) (locally x).
Proof.
intros Hc E L.
assert (L2 : filterlim (fun b : R => (f b - d) * b) (locally' (0:R)) (locally ((x - d) * 0))).
{ apply (@flim_scal R (locally' (0:R)) _ R1 (fun b => f b - d) (fun b => b) (x - d) 0).
  apply (@flim_minus R (locally' (0:R)) _ R1 f (fun _ => d) x d L). apply filterlim_const. exact id_to0'. }
assert (L3 : filterlim (fun b : R => (f b - d) * b) (locally' (0:R)) (locally c)).
{ eapply filterlim_ext_loc; [|apply filterlim_const].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ E ne0')). intros b [Eb Hb]. rewrite Eb. simpl. field; auto. }
apply Hc. rewrite (@punctured_limit_unique R1 _ _ _ L3 L2). ring.
Qed.

(** ** The sign, the time, the order of limits: on the leaky neuron *)

(** The updates descend: [+ nabla] is wrong wherever the gradient is not zero, on every network. *)
Theorem sign_is_needed : Pinned.sign_is_needed.
Proof.
intros N t g_s g_th [A1 [A2 [A3 [A4 A5]]]] Hs Hth. destruct (@theorem1 N t _ _ A1 A2 A3 A4 A5 Hs Hth) as [L1 L2].
assert (Z : forall (V : NM) (g : V), g = opp g -> g = zero).
{ intros V g E. assert (E2 : scal (2 : R_AbsRing) g = zero).
  { transitivity (plus g (opp g)). rewrite <- E. module V. module V. }
  transitivity (scal (/ 2 : R_AbsRing) (scal (2 : R_AbsRing) g)). module_field V. rewrite E2. module V. }
split; split.
- intros L. apply Z. exact (iterated_limit_unique L L1).
- intros E. rewrite E. rewrite E in L1. replace (zero : State N) with (opp (zero : State N)) by module (State N). exact L1.
- intros L. apply Z. exact (iterated_limit_unique L L2).
- intros E. rewrite E. rewrite E in L2. replace (zero : Param N) with (opp (zero : Param N)) by module (Param N). exact L2.
Qed.

(** With [eta = kappa beta] the limits are those of the modified network, for every [kappa]:
    in numbers, [- (1/2 + kappa)^t]. *)
Theorem leaky_at_fixed_ratio : Pinned.leaky_at_fixed_ratio.
Proof.
intros kappa t Hk.
assert (He : locally' (0:R) (fun b : R => kappa * b <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. now apply Rmult_integral_contrapositive_currified. }
assert (Hr : filterlim (fun b : R => kappa * b / b) (locally' (0:R)) (locally kappa)).
{ eapply filterlim_ext_loc; [|apply filterlim_const].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. field; auto. }
destruct (@joint_limit leaky _ _ R (locally' (0:R)) _ (fun b => b) (fun b => kappa * b) kappa t
  (leaky_derivatives 1 (1 / 2)) (proj2 (leaky_loss 1 (1 / 2))) leaky_settled id_to0' ne0' He Hr) as [L1 L2].
assert (E : iterate (V := R) (fun y => plus (dF_ds (State := R1) (Param := R1) (fun h => / 2 * fst h + 1 * snd h) y)
  (scal (kappa : R_AbsRing) (dF_dtheta (State := R1) (Param := R1) (fun h => / 2 * fst h + 1 * snd h)
     (dPhi_theta_ds (State := R1) (Param := R1) (fun h => 1 * fst h + 0 * snd h) y)))) t (1 - 0) = (/ 2 + kappa) ^ t).
{ rewrite (@iterate_times (/ 2 + kappa)). ring. intros y.
  change (/ 2 * y + 1 * 0 + kappa * (/ 2 * 0 + 1 * (1 * y + 0 * 0)) = (/ 2 + kappa) * y). ring. }
split.
- rewrite <- E. exact L1.
- assert (E1 : 1 * (/ 2 + kappa) ^ t + 0 * 0 = (/ 2 + kappa) ^ t) by ring. rewrite <- E1, <- E. exact L2.
Qed.

(** So the order of limits matters: at every fixed ratio the joint limit is not [- nabla]. *)
Theorem fixed_ratio_is_biased : Pinned.fixed_ratio_is_biased.
Proof.
intros kappa Hk. exists ((/ 2) ^ 1). split. apply leaky_bptt. intros L.
assert (E := @punctured_limit_unique R1 _ _ _ L (proj1 (leaky_at_fixed_ratio 1%nat Hk))).
change (- (/ 2) ^ 1 = - (/ 2 + kappa) ^ 1) in E. simpl in E. lra.
Qed.

Theorem joint_limit_needs_vanishing_ratio : Pinned.joint_limit_needs_vanishing_ratio.
Proof.
intros H. destruct (@fixed_ratio_is_biased 1 R1_neq_R0) as [g [Hg Hn]]. apply Hn.
eapply filterlim_ext. 2: exact (H leaky 1%nat g leaky_meets_every_hypothesis Hg).
intros b. simpl. now rewrite Rmult_1_l.
Qed.

(** The phase of the leaky neuron from any point, in closed form for two steps. *)
Lemma leaky_Delta_0 (s th b e : R) : b <> 0 -> Delta_state (leaky_at s th) 0 b e = (th - s / 2) / b - s.
Proof. intros Hb. change (/ b * ((s / 2 + th + - (b * (s - 0))) + - s) = (th - s / 2) / b - s). field; auto. Qed.

Lemma leaky_Delta_1 (b e : R) : b <> 0 -> Delta_state leaky 1 b e = - / 2 - e / b + b.
Proof.
intros Hb.
set (s1 := 1 / 2 + 1 / 2 + - (b * (1 - 0))). set (th1 := 1 / 2 + e / b * (s1 + - 1)).
change (/ b * ((s1 / 2 + th1 + - (b * (s1 - 0))) + - s1) = - / 2 - e / b + b). unfold th1, s1. field; auto.
Qed.

(** Taken in the other order, [beta -> 0] at a fixed [eta], the first limit does not exist. *)
Theorem limits_in_the_other_order : Pinned.limits_in_the_other_order.
Proof.
intros H. destruct (H leaky 1%nat _ leaky_meets_every_hypothesis (proj1 (leaky_bptt 1))) as [D0 [HD _]].
destruct (@filter_ex R (locally' (0:R)) (Rbar_locally'_filter 0) _ (filter_and _ _ HD ne0')) as [e [L He]].
set (f := fun b : R => Delta_state leaky 1 b e : R) in L.
assert (L2 : filterlim (fun b : R => f b - b) (locally' (0:R)) (locally (D0 e - 0))).
{ apply (@flim_minus R (locally' (0:R)) _ R1 f (fun b => b) (D0 e) 0 L id_to0'). }
apply (@no_limit_of_inverse (- e) (- / 2) (fun b => f b - b) (D0 e - 0)); auto. lra.
refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. unfold f. rewrite leaky_Delta_1 by auto. field; auto.
Qed.

(** ** The free phase must have settled *)

(** Started away from rest, already the first update blows up as [1 / beta]. *)
Theorem settling_is_needed : Pinned.settling_is_needed.
Proof.
intros H.
assert (G2 : is_nabla_theta (leaky_at 0 (1 / 2)) 0 (1 / 2)).
{ apply (@differential_ext R1 (1 / 2 : R) _ (fun h => (0 + h) * (1 / 2))).
  apply (@differential_compose R1 (1 / 2 : R) (fun x => (x - 0) * (x - 0) / 2) (1 / 2) (fun th => 0 / 2 + th) (fun h => 0 + h)).
  apply (@differential_plus R1 (1 / 2 : R) (fun _ => 0 / 2) (fun th => th)). apply differential_const. apply differential_linear, is_linear_id.
  auto_derive; auto. lra. intros h. simpl. unfold times. lra. }
assert (G1 : is_nabla_s (leaky_at 0 (1 / 2)) 0 0).
{ assert (G := half_square_gradient 0 0). assert (E : 0 - 0 = 0) by ring. rewrite E in G. exact G. }
destruct (H (leaky_at 0 (1 / 2)) 0%nat _ _ (leaky_primitive _ _) (ex_intro _ _ (ex_intro _ _ (leaky_derivatives _ _)))
  (leaky_loss _ _) (leaky_continuous _ _) G1 G2) as [D0 [HD L]].
apply (@no_limit_of_inverse (1 / 2) 0 D0 (opp 0)). lra. 2: exact L.
refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ ne0' HD)). intros b [Hb Lb].
apply (@punctured_limit_unique R1 (fun e => Delta_state (leaky_at 0 (1 / 2)) 0 b e)). exact Lb.
apply filterlim_ext with (fun _ => 1 / 2 / b + 0). 2: apply filterlim_const.
intros e. rewrite leaky_Delta_0 by auto. field; auto.
Qed.

(** ** The loss's gradient must be continuous where the nudge uses it *)

(** The nudge uses [1] at rest, which is right there, and [5] everywhere else. *)
Definition jumping_nudge : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := Phi leaky; F := F leaky; Phi_theta := Phi_theta leaky; ell := ell leaky;
     grad_ell := fun s => if Req_EM_T s 1 then 1 else 5; s_star := 1; theta := 1 / 2 |}.

Theorem continuity_of_the_nudge_is_needed : Pinned.continuity_of_the_nudge_is_needed.
Proof.
intros H.
assert (E1 : grad_ell jumping_nudge 1 = 1). { simpl. destruct (Req_EM_T 1 1); auto; lra. }
assert (Hg : is_gradient R1 times (ell leaky) 1 (grad_ell jumping_nudge 1)).
{ rewrite E1. assert (G := half_square_gradient 0 1). replace (1 - 0) with 1 in G by ring. exact G. }
assert (L := H jumping_nudge 1%nat _ (leaky_primitive 1 (1 / 2)) (ex_intro _ _ (ex_intro _ _ (leaky_derivatives 1 (1 / 2))))
  leaky_settled Hg (proj1 (leaky_bptt 1))).
assert (L2 : iterated_limit (V := R1) (Delta_state jumping_nudge 1) (- (9 / 2))).
{ apply (@iterated_limit_ext R1 (fun b e => - (9 / 2) - e / b)).
  - intros b e Hb He.
    set (s1 := 1 / 2 + 1 / 2 + - (b * grad_ell jumping_nudge 1)).
    assert (Es : grad_ell jumping_nudge s1 = 5).
    { unfold s1. rewrite E1. simpl. destruct (Req_EM_T _ _) as [E|E]; auto. exfalso. apply Hb. lra. }
    change (- (9 / 2) - e / b = / b * ((s1 / 2 + (1 / 2 + e / b * (s1 + - 1)) + - (b * grad_ell jumping_nudge s1)) + - s1)).
    rewrite Es. unfold s1. rewrite E1. field; auto.
  - apply (@iterated_limit_continuous (fun b e => - (9 / 2) - e / b) (fun _ => - (9 / 2))). 2: apply continuous_const.
    intros b Hb. split. field; auto.
    apply (continuous_minus (V := R1) (fun _ => - (9 / 2)) (fun e => e / b)). apply continuous_const.
    apply (continuous_mult (K := R_AbsRing) (fun e => e) (fun _ => / b)). apply continuous_id. apply continuous_const. }
assert (E := iterated_limit_unique L L2). change (- (/ 2) ^ 1 = - (9 / 2)) in E. simpl in E. lra.
Qed.

(** ** A kink at rest *)

(** [F = |s|/2 + theta], at rest in the kink: [Phi] is differentiable and [F] continuous, but the
    second update tends to [1/2] for [beta > 0] and to [-1/2] for [beta < 0]: no limit at all. *)
Definition kink : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => fst z * Rabs (fst z) / 4 + snd z * fst z;
     F := fun z => Rabs (fst z) / 2 + snd z; Phi_theta := fun z => fst z;
     ell := fun s => (s - 1) * (s - 1) / 2; grad_ell := fun s => s - 1; s_star := 0; theta := 0 |}.

Lemma kink_primitive : has_primitive_function kink.
Proof.
unfold has_primitive_function, primitive_function. apply filter_forall. intros [x y].
apply (@gradient_by_remainder (prod_NormedModule R_AbsRing R1 R1) _ _ _ _ 2).
apply (is_inner_product_prod is_inner_product_R is_inner_product_R). lra.
intros [x' y']. set (q := minus _ _).
assert (H1 : Rabs (fst q) <= norm q) by exact (norm_fst q).
assert (H2 : Rabs (snd q) <= norm q) by exact (norm_snd q).
set (nq := norm q) in *. change (fst q) with (x' + - x) in H1. change (snd q) with (y' + - y) in H2.
change (Rabs (x' * Rabs x' / 4 + y' * x' - (x * Rabs x / 4 + y * x) - ((Rabs x / 2 + y) * (x' + - x) + x * (y' + - y))) <= 2 * (nq * nq)).
replace (x' * Rabs x' / 4 + y' * x' - (x * Rabs x / 4 + y * x) - ((Rabs x / 2 + y) * (x' + - x) + x * (y' + - y)))
  with ((x' * Rabs x' - x * Rabs x - 2 * Rabs x * (x' - x)) / 4 + (y' + - y) * (x' + - x)) by field.
assert (B : Rabs (x' * Rabs x' - x * Rabs x - 2 * Rabs x * (x' - x)) <= Rabs (x' + - x) * Rabs (x' + - x)).
{ rewrite <- Rabs_mult, (Rabs_right ((x' + - x) * (x' + - x))) by exact (Rle_ge _ _ (Rle_0_sqr (x' + - x))).
  assert (P := Rle_0_sqr x). assert (P' := Rle_0_sqr x'). assert (P2 := Rle_0_sqr (x' - x)). unfold Rsqr in P, P', P2.
  apply Rabs_le. unfold Rabs; destruct (Rcase_abs x); destruct (Rcase_abs x'); split; first [lra | nra]. }
eapply Rle_trans. apply Rabs_triang. unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 4)) by lra.
generalize (Rabs_pos (x' + - x)) (Rabs_pos (y' + - y)). nra.
Qed.

Lemma kink_continuous : continuous_nearby kink.
Proof.
split; [|split]; apply filter_forall; intros z.
- apply (continuous_plus (U := prod_UniformSpace R_UniformSpace R_UniformSpace) (V := R1) (fun z => Rabs (fst z) / 2) (fun z => snd z)).
  + apply (continuous_mult (U := prod_UniformSpace R_UniformSpace R_UniformSpace) (K := R_AbsRing) (fun z => Rabs (fst z)) (fun _ => / 2)).
    2: apply continuous_const.
    apply (continuous_comp (fun z : prod_UniformSpace R_UniformSpace R_UniformSpace => fst z) Rabs).
    apply continuous_fst. apply continuous_Rabs.
  + apply continuous_snd.
- apply continuous_fst.
- apply minus_const_continuous.
Qed.

Theorem differentiability_is_needed : Pinned.differentiability_is_needed.
Proof.
intros H.
assert (Hs : settled kink). { unfold settled, kink; simpl. rewrite Rabs_R0. field. }
destruct (H kink 1%nat kink_primitive (conj (half_square_gradient 1 0) (@minus_const_continuous 1 0)) kink_continuous Hs)
  as [v [D0 [HD L]]].
assert (E : locally' (0:R) (fun b : R => Rabs b / 2 / b - b = D0 b)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ ne0' HD)). intros b [Hb Lb].
  apply (@punctured_limit_unique R1 (fun e => Delta_state kink 1 b e)); auto.
  apply filterlim_ext with (fun e => Rabs b / 2 / b - b + e * / b).
  - intros e. set (s1 := Rabs 0 / 2 + 0 + - (b * (0 - 1))).
    change (Rabs b / 2 / b - b + e * / b = / b * (Rabs s1 / 2 + (0 + e / b * (s1 + - 0)) + - (b * (s1 - 1)) + - s1)).
    assert (Es : s1 = b) by (unfold s1; rewrite Rabs_R0; field). rewrite Es. field; auto.
  - assert (C : continuous (U := R_UniformSpace) (fun e : R => Rabs b / 2 / b - b + e * / b) 0).
    { apply (continuous_plus (V := R1) (fun _ : R => Rabs b / 2 / b - b) (fun e : R => e * / b)).
      apply continuous_const. apply (continuous_mult (K := R_AbsRing) (fun e : R => e) (fun _ : R => / b)).
      apply continuous_id. apply continuous_const. }
    assert (E0 : Rabs b / 2 / b - b + 0 * / b = Rabs b / 2 / b - b) by (field; auto).
    unfold continuous in C. rewrite E0 in C. exact (flim_to' C). }
assert (L2 : filterlim (fun b : R => Rabs b / 2 / b) (locally' (0:R)) (locally (v + 0))).
{ eapply filterlim_ext_loc. 2: apply (@flim_plus R (locally' (0:R)) _ R1 D0 (fun b => b) v 0 L id_to0').
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ E). intros b Eb. simpl. rewrite <- Eb. change (Rabs b / 2 / b - b + b = Rabs b / 2 / b). ring. }
destruct (proj1 (@filterlim_locally R R_UniformSpace (locally' (0:R)) _ _ _) L2 (mkposreal (1 / 4) ltac:(lra))) as [d Hd].
assert (Pd := cond_pos d).
assert (X1 : Rabs (1 / 2 + - (v + 0)) < 1 / 4).
{ replace (1 / 2) with (Rabs (d / 2) / 2 / (d / 2)). apply (Hd (d / 2)).
  change (Rabs (d / 2 + - 0) < d). rewrite Rabs_right; lra. lra. rewrite Rabs_right by lra. field. lra. }
assert (X2 : Rabs (- (1 / 2) + - (v + 0)) < 1 / 4).
{ replace (- (1 / 2)) with (Rabs (- (d / 2)) / 2 / (- (d / 2))). apply (Hd (- (d / 2))).
  change (Rabs (- (d / 2) + - 0) < d). rewrite Rabs_left; lra. lra. rewrite Rabs_left by lra. field. lra. }
assert (K : forall x : R, Rabs (1 / 2 + - x) < 1 / 4 -> Rabs (- (1 / 2) + - x) < 1 / 4 -> False).
{ intros x. unfold Rabs. destruct (Rcase_abs (1 / 2 + - x)); destruct (Rcase_abs (- (1 / 2) + - x)); lra. }
exact (K _ X1 X2).
Qed.

(** ** Without a primitive function *)

(** Two neurons, one driving the other, nothing back: [F = (theta, h/2)].  The Jacobian is not
    symmetric; the second update does not move [h], on which the loss depends. *)
Definition one_way : network :=
  {| State := Rn 1; Param := R1; dot_state := dot 1; dot_param := times;
     dot_state_inner := is_inner_product_Rn 1; dot_param_inner := is_inner_product_R;
     Phi := fun z => 0; F := fun z => (snd z, / 2 * fst (fst z)); Phi_theta := fun z => fst (fst z);
     ell := fun s => (snd s - 0) * (snd s - 0) / 2; grad_ell := fun s => (0, snd s - 0);
     s_star := (2, 1); theta := 2 |}.

Section OneWay.
Notation Z := (prod_NormedModule R_AbsRing (Rn 1) R1).
Lemma one_way_h (z : Z) : @differential Z z (fun z => fst (fst z)) (fun z => fst (fst z)).
Proof. apply differential_linear. exact (@is_linear_comp R_AbsRing Z (Rn 1) R1 _ _ (@is_linear_fst R_AbsRing (Rn 1) R1) (@is_linear_fst R_AbsRing R1 R1)). Qed.
Lemma one_way_F (z : Z) : exists DF, filterdiff (U := Z) (V := Rn 1) (F one_way) (locally z) DF.
Proof.
eexists. apply (@differential_pair Z z R1 R1 (fun z => snd z) (fun z => / 2 * fst (fst z))).
apply differential_linear, is_linear_snd. apply differential_times. apply differential_const. apply one_way_h.
Qed.
Lemma one_way_loss (p : Rn 1) : @differential (Rn 1) p (ell one_way) (fun h => snd h * (snd p - 0)).
Proof.
apply (@differential_compose (Rn 1) p (fun x => (x - 0) * (x - 0) / 2) (snd p - 0) (fun s => snd s) (fun h => snd h)).
apply differential_linear. apply is_linear_snd. auto_derive; auto. field.
Qed.
Lemma one_way_grad_ell (s : Rn 1) : continuous (grad_ell one_way) s.
Proof.
apply (@flim_pair (Rn 1) (locally s) _ R1 R1 (fun _ => 0) (fun s => snd s - 0) 0 (snd s - 0)). apply filterlim_const.
apply (continuous_minus (V := R1) (fun s : Rn 1 => snd s) (fun _ => 0)).
apply (@linear_cont R_AbsRing (Rn 1) R1 (fun s => snd s) s). apply is_linear_snd. apply continuous_const.
Qed.

Theorem primitive_function_is_needed : Pinned.primitive_function_is_needed.
Proof.
intros H.
assert (A1 : twice_differentiable one_way).
{ destruct (one_way_F (s_star one_way, theta one_way)) as [DF HF]. exists DF. eexists. split. exact HF. apply one_way_h. }
assert (A2 : loss_differentiable one_way).
{ split. 2: apply one_way_grad_ell. apply (@differential_ext (Rn 1) (2, 1) _ _ _ (one_way_loss (2, 1))).
  intros [dh do]. unfold one_way; simpl. unfold product_inner; simpl. ring. }
assert (A3 : continuous_nearby one_way).
{ split; [|split]; apply filter_forall; intros z.
  destruct (one_way_F z) as [l Hl]. exact (continuous_of_diff Hl).
  exact (continuous_of_diff (one_way_h z)). apply one_way_grad_ell. }
assert (A4 : settled one_way) by (unfold settled, one_way; simpl; f_equal; field).
assert (G : is_nabla_s one_way 1 (1 / 2, 0)).
{ apply (@differential_ext (Rn 1) (2, 1) _ (fun h => (0 * 2 + / 2 * fst h) * (1 - 0))).
  - apply (@differential_compose (Rn 1) (2, 1) (fun x => (x - 0) * (x - 0) / 2) (1 - 0) (fun s => / 2 * fst s) (fun h => 0 * 2 + / 2 * fst h)).
    apply (@differential_times (Rn 1) (2, 1) (fun _ => / 2) (fun s => fst s) (fun _ => 0) (fun h => fst h)).
    apply differential_const. apply differential_linear, is_linear_fst. simpl. auto_derive; auto. field.
  - intros [dh do]. unfold one_way; simpl. unfold product_inner; simpl. lra. }
destruct (H one_way 1%nat _ A1 A2 A3 A4 G) as [D0 [HD L]].
assert (L1 := @flim_fst R (locally' (0:R)) _ R1 R1 _ _ L). simpl in L1.
assert (E : filterlim (fun b => fst (D0 b)) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|apply filterlim_const].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ (filter_and _ _ ne0' HD)). intros b [Hb Lb].
  assert (L2 := @flim_fst R (locally' (0:R)) _ R1 R1 _ _ Lb).
  apply (@punctured_limit_unique R1 (fun e => fst (Delta_state one_way 1 b e))). 2: exact L2.
  eapply filterlim_ext; [|apply filterlim_const]. intros e. simpl.
  set (h1 := 2 + - (b * 0)).
  change (0 = / b * ((2 + e / b * (h1 + - 2)) + - (b * 0) + - h1)). unfold h1. field; auto. }
assert (X := @punctured_limit_unique R1 _ _ _ E L1). change (0 = - (1 / 2)) in X. lra.
Qed.
End OneWay.
