(** * A network with curvature on which the bounds are numbers

    [curved]: [Phi = s^2/4 + s^3/6 + theta s], at rest in [s = 0] with [theta = 0], so that
    [F = s/2 + s^2/2 + theta]; squared error with target [-1].  [|J| = 1/2] and the curvature is not
    zero.  One radius, [1/26], serves every [t] ([curved_error_bound]); the free phase contracts
    within [1/4] of rest ([curved_settles]). *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Vocabulary Instances Potential Network Statements Examples Drift Contraction Expansion ExpansionStep ExpansionBound UniformBound SteadyState.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Notation Z := (prod_NormedModule R_AbsRing R1 R1).
Local Notation DF := (fun h : R * R => / 2 * fst h + 1 * snd h).
Local Notation DPhi := (fun h : R * R => 1 * fst h + 0 * snd h).

Lemma curved_gradient (z : Z) : is_gradient Z (@product_inner R1 R1 times times) (Phi curved) z (F curved z, Phi_theta curved z).
Proof.
destruct z as [x y]. apply quadratic_remainder_diff.
{ apply ip_is_linear. exact (is_inner_product_prod is_inner_product_R is_inner_product_R). }
exists (2 + Rabs x). split. generalize (Rabs_pos x); lra.
generalize (@locally_ball_norm R_AbsRing Z (x, y) (mkposreal 1 Rlt_0_1)). apply filter_imp.
intros [x' y'] Hq. set (q := minus ((x', y') : Z) (x, y)) in *.
change (norm q < 1) in Hq.
assert (H1 : Rabs (x' + - x) <= norm q) by exact (norm_fst q).
assert (H2 : Rabs (y' + - y) <= norm q) by exact (norm_snd q).
change (Rabs (x' * x' / 4 + x' * x' * x' / 6 + y' * x' + - (x * x / 4 + x * x * x / 6 + y * x)
  + - ((x / 2 + x * x / 2 + y) * (x' + - x) + x * (y' + - y))) <= (2 + Rabs x) * (norm q * norm q)).
set (a := x' + - x) in *. set (b := y' + - y) in *. set (n := norm q) in *.
replace (x' * x' / 4 + x' * x' * x' / 6 + y' * x' + - (x * x / 4 + x * x * x / 6 + y * x)
  + - ((x / 2 + x * x / 2 + y) * a + x * b)) with ((a / 4 + x * a / 2 + a * a / 6 + b) * a) by (unfold a, b; field).
assert (P := Rabs_pos a). assert (P2 := Rabs_pos b). assert (P3 := Rabs_pos x). assert (n0 : 0 <= n) by lra.
rewrite Rabs_mult.
assert (E : Rabs (a / 4 + x * a / 2 + a * a / 6 + b) <= (2 + Rabs x) * n).
{ eapply Rle_trans. apply Rabs_triang. eapply Rle_trans. apply Rplus_le_compat_r. eapply Rle_trans. apply Rabs_triang.
  apply Rplus_le_compat_r. apply Rabs_triang.
  unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 4)), (Rabs_right (/ 2)), (Rabs_right (/ 6)) by lra.
  assert (Rabs a * Rabs a <= n) by nra. assert (Rabs x * Rabs a <= Rabs x * n) by (now apply Rmult_le_compat_l).
  assert (0 <= Rabs x * n) by (now apply Rmult_le_pos). lra. }
replace ((2 + Rabs x) * (n * n)) with ((2 + Rabs x) * n * n) by ring.
apply Rmult_le_compat; auto. apply Rabs_pos.
Qed.
Lemma curved_derivatives : derivatives curved DF DPhi.
Proof.
split.
- apply (@diff_by_remainder Z R1 (F curved) DF (0, 0) 1). apply linear_plane. lra. intros q.
  assert (H1 : Rabs (fst q + - 0) <= norm (minus q ((0, 0) : Z))) by exact (norm_fst (minus q ((0, 0) : Z))).
  set (n := norm (minus q ((0, 0) : Z))) in *.
  change (Rabs (fst q / 2 + fst q * fst q / 2 + snd q + - (0 / 2 + 0 * 0 / 2 + 0) + - (/ 2 * (fst q + - 0) + 1 * (snd q + - 0))) <= 1 * (n * n)).
  rewrite Ropp_0, Rplus_0_r in H1.
  replace (fst q / 2 + fst q * fst q / 2 + snd q + - (0 / 2 + 0 * 0 / 2 + 0) + - (/ 2 * (fst q + - 0) + 1 * (snd q + - 0))) with (fst q * fst q * / 2) by field.
  rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. assert (P := Rabs_pos (fst q)). nra.
- apply affine_plane_diff with (c := 0). intros x y. simpl. field.
Qed.
Lemma curved_primitive : has_primitive_function curved.
Proof. unfold has_primitive_function, primitive_function. apply filter_forall. exact curved_gradient. Qed.
Lemma curved_loss : loss_differentiable curved.
Proof. split. apply (half_square_gradient (-1) 0). apply minus_const_continuous. Qed.
Lemma curved_settled : settled curved.
Proof. change (0 / 2 + 0 * 0 / 2 + 0 = 0). field. Qed.

Definition curved_curvature : curvature curved :=
  @Curvature curved (fun x y : R => x * y / 2) (fun _ _ : R => 0 : R) (fun x : R => x).
Definition curved_data : expansion_data :=
  {| size_J := / 2; size_B := 1; size_C := 1; size_Q := / 2; size_T := 0; size_H := 1;
     cubic_F := 0; mixed_F := 0; cubic_Phi := 0; mixed_Phi := 0; cubic_ell := 0; radius_state := 1; radius_param := 1 |}.

Lemma linear_line (c : R) : is_linear (U := R1) (V := R1) (fun x : R => c * x).
Proof.
split.
- intros x y. change (c * (x + y) = c * x + c * y). ring.
- intros k x. change (c * (k * x) = k * (c * x)). ring.
- exists (Rabs c + 1). split. generalize (Rabs_pos c); lra. intros x. change (Rabs (c * x) <= (Rabs c + 1) * Rabs x).
  rewrite Rabs_mult. generalize (Rabs_pos x); lra.
Qed.
Lemma curved_expands : sizes_nonnegative curved_data /\ @expands curved DF DPhi curved_curvature curved_data.
Proof.
split. unfold sizes_nonnegative; simpl; lra.
assert (L : forall (f : R -> R) c, (forall x, f x = c * x) -> is_linear (U := R1) (V := R1) f).
{ intros f c Hf. destruct (linear_line c) as [l1 l2 l3]. split.
  - intros x y. rewrite !Hf. apply l1.
  - intros k x. rewrite !Hf. apply l2.
  - destruct l3 as [M [HM HB]]. exists M. split. exact HM. intros x. rewrite Hf. apply HB. }
split; [|split; [|split; [|split; [|split; [|split]]]]].
- intros x. change (Rabs (/ 2 * x + 1 * 0) <= / 2 * Rabs x). rewrite Rmult_0_r, Rplus_0_r, Rabs_mult, (Rabs_right (/ 2)); lra.
- intros y. change (Rabs (/ 2 * 0 + 1 * y) <= 1 * Rabs y). rewrite Rmult_0_r, Rplus_0_l, Rmult_1_l. lra.
- intros x. change (Rabs (1 * x + 0 * 0) <= 1 * Rabs x). rewrite Rmult_0_r, Rplus_0_r, Rmult_1_l. lra.
- split; [split|].
  + intros x. apply L with (c := x / 2). intros y. simpl. field.
  + intros y. apply L with (c := y / 2). intros x. simpl. field.
  + intros x y. change (Rabs (x * y / 2) <= / 2 * Rabs x * Rabs y). unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. lra.
- split; [split|].
  + intros x. apply L with (c := 0). intros y. simpl. ring.
  + intros y. apply L with (c := 0). intros x. simpl. ring.
  + intros x y. change (Rabs 0 <= 0 * Rabs x * Rabs y). rewrite Rabs_R0. lra.
- split. apply L with (c := 1). intros x. simpl. ring. intros x. change (Rabs x <= 1 * Rabs x). lra.
- intros s s' th th' m n _ _ _ _ _ _. split; [|split].
  + change (Rabs (s' / 2 + s' * s' / 2 + th' + - (s / 2 + s * s / 2 + th) +
      - (/ 2 * (s' + - s) + 1 * (th' + - th) + (s + - 0 + (s' + - 0)) * (s' + - s) / 2)) <=
      (0 * m ^ 2 + 0 * n) * Rabs (s' + - s) + 0 * m * Rabs (th' + - th)).
    replace (s' / 2 + s' * s' / 2 + th' + - (s / 2 + s * s / 2 + th) +
      - (/ 2 * (s' + - s) + 1 * (th' + - th) + (s + - 0 + (s' + - 0)) * (s' + - s) / 2)) with 0 by field.
    rewrite Rabs_R0. lra.
  + change (Rabs (s' + - s + - (1 * (s' + - s) + 0 * 0 + 0)) <= (0 * m ^ 2 + 0 * n) * Rabs (s' + - s)).
    replace (s' + - s + - (1 * (s' + - s) + 0 * 0 + 0)) with 0 by ring. rewrite Rabs_R0. lra.
  + change (Rabs (s' - -1 + - (s - -1) + - (s' + - s)) <= 0 * m * Rabs (s' + - s)).
    replace (s' - -1 + - (s - -1) + - (s' + - s)) with 0 by ring. rewrite Rabs_R0. lra.
Qed.

Lemma curved_bptt t : is_nabla_s curved t ((/ 2) ^ t) /\ is_nabla_theta curved t ((/ 2) ^ t).
Proof.
destruct curved_derivatives as [HF HPhi].
destruct (@bptt_gradients _ _ _ _ (dot_state_inner curved) (dot_param_inner curved) _ _ _ _ _ _ _ curved_primitive _ _ HF HPhi (proj1 curved_loss) curved_settled t) as [G1 G2].
assert (E : iterate (V := R) (dF_ds (State := R1) (Param := R1) DF) t (0 - -1) = (/ 2) ^ t).
{ clear G1 G2. induction t as [|t IH]. simpl. ring. cbn [iterate pow]. rewrite IH.
  change (/ 2 * (/ 2) ^ t + 1 * 0 = / 2 * (/ 2) ^ t). ring. }
assert (E2 : dPhi_theta_ds (State := R1) (Param := R1) DPhi (iterate (V := R) (dF_ds (State := R1) (Param := R1) DF) t (0 - -1)) = (/ 2) ^ t).
{ rewrite E. change (1 * (/ 2) ^ t + 0 * 0 = (/ 2) ^ t). ring. }
unfold is_nabla_s, is_nabla_theta. rewrite <- E. split. exact G1. rewrite E, <- E2. exact G2.
Qed.

Theorem curved_error_bound : Pinned.curved_error_bound.
Proof.
intros beta eta Hb He Hr t. split. exact (curved_bptt t).
destruct (curved_bptt t) as [G1 G2]. destruct curved_expands as [D1 D2].
assert (R34 : uniform_rate curved_data = 3 / 4) by (unfold uniform_rate; simpl; field).
assert (M4 : reach_state curved_data 1 = 4) by (unfold reach_state; rewrite R34; field).
assert (P4 : reach_param curved_data 1 = 4) by (unfold reach_param; rewrite M4; unfold lipschitz_Phi; simpl; field).
assert (U0 : uniform_curvature curved_data 1 = 0) by (unfold uniform_curvature; rewrite M4, P4; simpl; field).
assert (U6 : uniform_drift curved_data 1 = 6) by (unfold uniform_drift; rewrite U0, M4, P4; simpl; field).
assert (small : Rabs beta + Rabs (eta / beta) <= uniform_radius curved_data 1).
{ unfold uniform_radius. rewrite U6, M4, P4. simpl. repeat apply Rmin_glb; lra. }
assert (g1 : norm (grad_ell curved (s_star curved)) <= 1) by (change (Rabs (0 - -1) <= 1); rewrite Rabs_right; lra).
destruct (@uniform_bound curved DF DPhi curved_curvature curved_data 1 beta eta curved_primitive curved_derivatives curved_loss curved_settled
  D1 D2 Rlt_0_1 Rlt_0_1 g1 ltac:(simpl; lra) Hb small t _ _ G1 G2) as [B1 B2].
specialize (B2 He).
assert (K : uniform_state_constant curved_data 1 t = 6 * (INR t * (3 / 4) ^ (t - 1))) by (unfold uniform_state_constant; rewrite U6, R34; ring).
assert (K2 : uniform_param_constant curved_data 1 t = 6 * (INR t * (3 / 4) ^ (t - 1))) by (unfold uniform_param_constant; rewrite K, U0; simpl; ring).
rewrite K in B1. rewrite K2 in B2. exact (conj B1 B2).
Qed.

(** From any state within [1/4] of rest, with the rate [3/4]; there is no other steady state there. *)
Theorem curved_settles : Pinned.curved_settles.
Proof.
intros s Hs.
assert (inside : forall x : R, norm (minus (x : R1) 0) <= / 4 <-> Rabs x <= / 4).
{ intros x. change (Rabs (x + - 0) <= / 4 <-> Rabs x <= / 4). rewrite Ropp_0, Rplus_0_r. reflexivity. }
destruct (@steady_state_in_ball R1 R1 (F curved) 0 (0 : R1) (/ 4) (3 / 4) (fun x h => (/ 2 + x) * h)) as [s0 [_ [S2 [S3 S4]]]].
- exact complete_R.
- lra.
- lra.
- refine (fun (x : R) Hx => _). apply (proj1 (inside x)) in Hx. split.
  + apply (@diff_by_remainder R1 R1 (fun x => F curved (x, 0)) (fun h => (/ 2 + x) * h) x 1). apply linear_line. lra. intros y.
    change (Rabs (y / 2 + y * y / 2 + 0 + - (x / 2 + x * x / 2 + 0) + - ((/ 2 + x) * (y + - x))) <= 1 * (Rabs (y + - x) * Rabs (y + - x))).
    replace (y / 2 + y * y / 2 + 0 + - (x / 2 + x * x / 2 + 0) + - ((/ 2 + x) * (y + - x))) with ((y + - x) * (y + - x) * / 2) by field.
    rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos (y + - x)). nra.
  + refine (fun w : R => _). change (Rabs ((/ 2 + x) * w) <= 3 / 4 * Rabs w). rewrite Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos.
    apply Rabs_le_between in Hx. apply Rabs_le. lra.
- change (Rabs (0 / 2 + 0 * 0 / 2 + 0 + - 0) <= (1 - 3 / 4) * / 4). replace (0 / 2 + 0 * 0 / 2 + 0 + - 0) with 0 by field. rewrite Rabs_R0. lra.
- assert (Z0 : s0 = 0).
  { symmetry. apply S3; [|exact curved_settled]. apply (proj2 (inside 0)). rewrite Rabs_R0. lra. }
  subst s0. split.
  + intros T. destruct (S4 s T (proj2 (inside s) Hs)) as [B _].
    change (Rabs (free_phase (F curved) 0 T s + - 0) <= (3 / 4) ^ T * Rabs (s + - 0)) in B.
    rewrite Ropp_0, !Rplus_0_r in B. exact B.
  + intros Fs. exact (S3 s (proj2 (inside s) Hs) Fs).
Qed.
